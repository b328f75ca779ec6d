#!/usr/bin/env bash
# The built program from outside, as a newcomer meets it: npm start with nothing installed but Node, the five
# requests of the first smoke test, a delivery that becomes `read`, a clean end and a quick restart.
#
#   bash test/smoke.sh            prints one line per check and ends with `N passed, N failed`
#
# It uses a data folder and a port of its own, and whatever `node` and `npm` are first on the PATH.
set -uo pipefail
cd "$(dirname "$0")/.."

passed=0
failed=0
ok() { passed=$((passed + 1)); echo "ok      $*"; }
bad() { failed=$((failed + 1)); echo "FAILED  $*"; }
check() { local what=$1; shift; if "$@"; then ok "$what"; else bad "$what"; fi; }

folder=$(mktemp -d "${TMPDIR:-/tmp}/monotickets-smoke-XXXXXX")
chmod 755 "$folder"
log=$folder/server.log
server=''
finish() {
  if [ -n "$server" ] && kill -0 "$server" 2>/dev/null; then kill -TERM "$server"; wait "$server"; fi
  rm -rf "$folder"
}
trap finish EXIT

port=$(node -e "const s=require('net').createServer().listen(0,'127.0.0.1',()=>{console.log(s.address().port);s.close()})")
base=http://localhost:$port
now_ms() { node -p 'Math.round(performance.timeOrigin + performance.now())'; }

# Only what a fresh shell has: a DATABASE_URL of the caller must not leak in.
start() {
  env -i HOME="$HOME" PATH="$PATH" TMPDIR="${TMPDIR:-/tmp}" \
    PORT="$port" DATA_FOLDER="$folder/data" KPI_REFRESH_INTERVAL_MINUTES=0.05 DIRECTOR_CACHE_TTL_SECONDS=1 \
    "$@" >>"$log" 2>&1 &
  server=$!
}

# until_ok SECONDS COMMAND…: repeats the command until it succeeds.
until_ok() {
  local until=$((SECONDS + $1)); shift
  until "$@"; do
    if [ "$SECONDS" -ge "$until" ] || ! kill -0 "$server" 2>/dev/null; then return 1; fi
    sleep 0.1
  done
}
is_alive() { curl -fsS -o /dev/null "$base/health" 2>/dev/null; }

# request NAME CURL-ARGUMENTS…: the answer must be 2xx; its body is left in $body.
body=''
request() {
  local name=$1 status; shift
  body=$(curl -sS -w '\n%{http_code}' "$@") || true
  status=${body##*$'\n'}
  body=${body%$'\n'*}
  case $status in
    2??) ok "$name: $status" ;;
    *) bad "$name: $status $body" ;;
  esac
}
# field PATH: that field of the JSON in $body, such as deliveries.read.
field() { node -e "let v=JSON.parse(process.argv[1]);for(const k of process.argv[2].split('.'))v=v?.[k];console.log(v??'')" "$body" "$1" 2>/dev/null; }

echo "node $(node --version)"
start npm start
if ! until_ok 60 is_alive; then
  bad 'it listens within 60 s of npm start'
  tail -n 30 "$log"
  echo "$passed passed, $failed failed"
  exit 1
fi
ok 'it listens within 60 s of npm start'

json='Content-Type: application/json'
request 'send an invitation' -X POST "$base/events/ev_demo/guests/g1/send" -H "$json" -d '{"channel":"whatsapp"}'
delivery=$(field deliveryId)
request 'take an empty webhook' -X POST "$base/wa/webhook" -H "$json" -d '{}'
request 'read a WhatsApp session' "$base/wa/session/5215550000"
request 'read the overview' "$base/director/overview"
request 'create a payment intent' -X POST "$base/payments/intent" -H "$json" -d '{"amount":1000,"currency":"mxn"}'
check 'the first answer names its delivery' test -n "$delivery"

is_read() { body=$(curl -sS "$base/deliveries/$delivery") && [ "$(field status)" = read ]; }
check 'the delivery becomes read within 30 s' until_ok 30 is_read
is_counted() { body=$(curl -sS "$base/director/overview") && [ "$(field deliveries.read)" -ge 1 ] 2>/dev/null; }
check 'the overview counts it within 30 s' until_ok 30 is_counted
is_ready() { curl -fsS -o /dev/null "$base/ready" 2>/dev/null; }
check 'it is ready' until_ok 15 is_ready

# stop: SIGTERM, and the exit code of what was started.
stop() {
  local code=0
  kill -TERM "$server"
  wait "$server" || code=$?
  server=''
  return "$code"
}
check 'SIGTERM ends npm start with exit code 0' stop

# The quickest of three: a busy machine is no fault of the program.
took=60000
for _ in 1 2 3; do
  begin=$(now_ms)
  start node --enable-source-maps dist/server.js
  until_ok 60 is_alive && took=$(($(now_ms) - begin))
  is_kept=no
  is_read && is_kept=yes
  code=0
  stop || code=$?
  [ "$took" -le 5000 ] && break
done
check "it listens again within 5 s (took $took ms)" test "$took" -le 5000
check 'what it knew is still there' test "$is_kept" = yes
check 'SIGTERM ends it again with exit code 0' test "$code" -eq 0
errors=$(grep -cE '\b(ERROR|FATAL)\b|"level":"(error|fatal)"' "$log")
check "its log has no error line (found $errors)" test "$errors" -eq 0
[ "$failed" -eq 0 ] || { echo '--- the end of its log'; tail -n 40 "$log"; }

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
