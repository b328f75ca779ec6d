/** The parts of Dinero: payments, what waits for a decision, what differs from the providers. */
import type { ReactNode } from 'react'
import { GoTo } from '../../kit/GoTo.tsx'
import { Head } from '../../kit/Head.tsx'
import { Tabs } from '../../kit/Tabs.tsx'
import { WORDS } from './words.ts'

export function MoneyFrame({ children }: { children: ReactNode }) {
  return (
    <>
      <Head title={WORDS.title}>
        <GoTo to="/money" search={(now: object) => ({ ...now, enter: 'payment' })} look="main">
          {WORDS.enter}
        </GoTo>
      </Head>
      <Tabs
        label={WORDS.parts}
        tabs={[
          { to: '/money', label: WORDS.payments },
          { to: '/money/reviews', label: WORDS.reviews },
          { to: '/money/differences', label: WORDS.differences },
        ]}
      />
      {children}
    </>
  )
}
