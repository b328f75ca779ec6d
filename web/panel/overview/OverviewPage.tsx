/** Are we owed, does money come in, what needs me? */
import { $api } from '../../api/client.ts'
import { Loaded } from '../../kit/State.tsx'
import { Age } from '../../kit/Time.tsx'
import { formatMoney } from '../../words/formats.ts'
import { pick } from '../../words/locale.ts'

const WORDS = pick({
  es: { title: 'Resumen', debt: 'Deuda abierta', asOf: 'Datos de' },
  en: { title: 'Overview', debt: 'Open debt', asOf: 'Data from' },
})

export function OverviewPage() {
  const overview = $api.useQuery('get', '/director/overview')
  return (
    <>
      <h1>{WORDS.title}</h1>
      <Loaded query={overview}>
        {({ finance, asOf }) => (
          <p>
            {WORDS.debt}: {formatMoney(finance.openDebtCents)}. {WORDS.asOf} <Age at={asOf} />
          </p>
        )}
      </Loaded>
    </>
  )
}
