/** What do guests read on their page? Each language has its texts; the page shows beside them how it looks. */
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { writeEventTextsBody } from '../../api/bodies.ts'
import { $api, type Schemas } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Confirm } from '../../kit/Confirm.tsx'
import { Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { checkBody, fieldErrorsOf, type FieldErrors } from '../../kit/forms.ts'
import { RadioChoice } from '../../kit/RadioChoice.tsx'
import { Refused } from '../../kit/Refused.tsx'
import { Row } from '../../kit/Row.tsx'
import { say } from '../../kit/say.ts'
import { useMayEdit } from '../../kit/session.ts'
import { Loaded } from '../../kit/State.tsx'
import { useUrl } from '../../kit/url.ts'
import { useEvent, useEventPath, type Event } from '../shared/event.ts'
import { Preview } from './Preview.tsx'
import { useDrafts, type Change } from './drafts.ts'
import {
  bodyOf,
  countWritten,
  FIELDS,
  isSame,
  LINES,
  OTHER,
  standinOf,
  valuesOf,
  type Locale,
  type Texts,
} from './texts.ts'
import styles from './texts.module.css'
import { WORDS } from './words.ts'

type Saved = Schemas['EventTexts']
/** `locale`: of the texts that are shown; absent: Spanish. */
export type TextsUrl = { locale?: 'en' | undefined }

const LOCALES = (['es-MX', 'en'] as const).map((id) => ({ id, label: WORDS.locales[id] }))

const useTexts = (locale: Locale) =>
  $api.useQuery('get', '/events/{eventId}/texts/{locale}', { params: { path: { ...useEventPath(), locale } } })

export function TextsPage() {
  const [{ locale = 'es-MX' }, setUrl] = useUrl<TextsUrl>()
  const event = useEvent()
  const saved = useTexts(locale)
  const other = useTexts(OTHER[locale])
  const [drafts, keepDraft] = useDrafts(useEventPath().eventId)
  const keep: Keep = (change) => keepDraft(locale, change)
  return (
    <>
      <div>
        <h1>{WORDS.title}</h1>
        <p className={styles['soft']}>{WORDS.about}</p>
      </div>
      <RadioChoice
        label={WORDS.languages}
        value={locale}
        options={LOCALES}
        onChange={(id) => setUrl({ locale: id === 'en' ? 'en' : undefined })}
      />
      <Loaded query={event}>
        {(data) => (
          <Loaded query={other}>
            {(others) => (
              <Loaded query={saved} lines={8}>
                {(texts) => <Editor event={data} saved={texts} other={others} draft={drafts[locale]} keep={keep} />}
              </Loaded>
            )}
          </Loaded>
        )}
      </Loaded>
    </>
  )
}

type Keep = (change: Change) => void
type EditorProps = { event: Event; saved: Saved; other: Saved; draft: Texts | undefined; keep: Keep }

/** What was written stays while something else is looked at. */
function Editor({ event, saved, other, draft, keep }: EditorProps) {
  const mayEdit = useMayEdit()
  const values = draft ?? valuesOf(saved)
  const standins = { locale: saved.locale, other, eventName: event.name }
  const isChanged = FIELDS.some((field) => values[field] !== (saved[field] ?? ''))
  return (
    <div className={styles['halves']}>
      {mayEdit ? <Form key={saved.locale} {...{ saved, values, keep, standins }} /> : null}
      <Preview event={event} values={values} standins={standins} isChanged={isChanged} />
    </div>
  )
}

type FormProps = {
  saved: Saved
  values: Texts
  keep: Keep
  standins: Parameters<typeof standinOf>[1]
}

function Form({ saved, values, keep, standins }: FormProps) {
  const { eventId, locale } = saved
  const queries = useQueryClient()
  const [wrong, setWrong] = useState<FieldErrors>({})
  const [isResetting, setResetting] = useState(false)
  const path = { eventId, locale }
  const write = $api.useMutation('put', '/events/{eventId}/texts/{locale}', {
    onSuccess: (now, { body }) => {
      queries.setQueryData(['get', '/events/{eventId}/texts/{locale}', { params: { path } }], now)
      // What was written meanwhile stays.
      keep((draft) => (draft && isSame(bodyOf(draft), body) ? undefined : draft))
    },
    onError: (error) => setWrong(fieldErrorsOf(error)),
  })
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const body = bodyOf(values)
    const errors = checkBody(writeEventTextsBody, body)
    setWrong(errors)
    if (Object.keys(errors).length > 0) return
    write.mutate({ params: { path }, body }, { onSuccess: () => say(WORDS.saved) })
  }
  const reset = async () => {
    await write.mutateAsync({ params: { path }, body: {} })
    keep(() => undefined)
    say(WORDS.resetDone(WORDS.inLocale[locale]))
  }
  const written = countWritten(saved)
  const others = countWritten(standins.other)
  return (
    <section className={styles['card']}>
      <Fields onSubmit={submit}>
        <Refused error={write.error} />
        {FIELDS.map((field) => (
          <Field
            key={field}
            label={WORDS.fields[field]}
            hint={values[field].trim() === '' ? hintOf(standinOf(field, standins)) : undefined}
            lines={LINES[field]}
            value={values[field]}
            onChange={(text) => keep((draft = values) => ({ ...draft, [field]: text }))}
            error={wrong[field]}
            maxLength={writeEventTextsBody.properties[field].maxLength}
          />
        ))}
        <Row>
          <Button look="main" type="submit" isBusy={write.isPending}>
            {WORDS.save}
          </Button>
          {written > 0 ? (
            <Button look="danger" onPress={() => setResetting(true)}>
              {WORDS.reset}
            </Button>
          ) : null}
        </Row>
      </Fields>
      {isResetting ? (
        <Confirm
          title={WORDS.resetTitle(written, WORDS.inLocale[locale])}
          verb={WORDS.reset}
          run={reset}
          onClose={() => setResetting(false)}
        >
          {others === 0 ? WORDS.resetText : WORDS.resetOther(others, WORDS.inLocale[OTHER[locale]])}
        </Confirm>
      ) : null}
    </section>
  )
}

/** A long text of the other language would fill the form; its beginning says which one it is. */
const HINT_MAX = 90

function hintOf(standin: ReturnType<typeof standinOf>): string {
  if (standin.from === 'none') return WORDS.standins.none
  if (standin.from === 'thanks') return WORDS.standins.thanks(standin.text, standin.absent)
  const [line = ''] = standin.text.split('\n')
  const isWhole = line === standin.text && line.length <= HINT_MAX
  return WORDS.standins[standin.from](isWhole ? line : `${line.slice(0, HINT_MAX)}…`)
}
