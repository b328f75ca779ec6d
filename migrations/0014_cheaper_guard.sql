-- The guard of the state machine is asked in the trigger's condition, which costs a fraction of calling the function for
-- every row that moves lawfully. It refuses what it refused.
drop trigger deliveries_forward_only on deliveries;
create trigger deliveries_forward_only before update of status on deliveries for each row
  when (new.status <> old.status and not delivery_may_become(old.status, new.status))
  execute function refuse_delivery_step_back();
