/** The box to answer in: words while the window is open, then templates only. Drafts stay, one per guest. */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState, type FormEvent } from 'react'
import { replyToGuestBody } from '../../api/bodies.ts'
import { $api, type Schemas } from '../../api/client.ts'
import { Bubble } from '../../kit/Bubble.tsx'
import { Button } from '../../kit/Button.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { Field } from '../../kit/Field.tsx'
import { checkBody, type FieldErrors } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { isLoggedOut, LogInAgain } from '../../kit/LogInAgain.tsx'
import { Row } from '../../kit/Row.tsx'
import { say } from '../../kit/say.ts'
import { useNowMs } from '../../kit/Time.tsx'
import { explainProblem } from '../../words/problems.ts'
import { useEventPath } from '../shared/event.ts'
import { SendForm } from '../shared/SendForm.tsx'
import styles from './conversations.module.css'
import { formatLeft } from './left.ts'
import { WORDS } from './words.ts'

type Conversation = Schemas['Conversation']

export function ReplyBox({ conversation }: { conversation: Conversation }) {
  const nowMs = useNowMs()
  const { windowOpenUntil } = conversation
  const leftMs = windowOpenUntil ? new Date(windowOpenUntil).getTime() - nowMs : null
  if (leftMs === null || leftMs <= 0) return <OnlyTemplate conversation={conversation} wasOpen={leftMs !== null} />
  return <Reply conversation={conversation} left={formatLeft(leftMs)} />
}

function OnlyTemplate({ conversation, wasOpen }: { conversation: Conversation; wasOpen: boolean }) {
  const [isOpen, setOpen] = useState(false)
  const { guestId: id, guestName: name } = conversation
  return (
    <div className={styles['box']}>
      <p>{wasOpen ? WORDS.closed : WORDS.never}</p>
      <div>
        <Button look="main" onPress={() => setOpen(true)}>
          {WORDS.chooseTemplate}
        </Button>
      </div>
      <Dialog title={name} isOpen={isOpen} onClose={() => setOpen(false)}>
        <SendForm guests={[{ id, name }]} onDone={() => setOpen(false)} />
      </Dialog>
    </div>
  )
}

function Reply({ conversation: { guestId }, left }: { conversation: Conversation; left: string }) {
  const path = { ...useEventPath(), guestId }
  const queries = useQueryClient()
  const [text, setText] = useDraft(`mt.draft.${path.eventId}.${guestId}`)
  const [wrong, setWrong] = useState<FieldErrors>({})
  const [header, settle, renewKey] = useIdempotencyKey()
  const reply = $api.useMutation('post', '/events/{eventId}/conversations/{guestId}/messages', {
    onSuccess: (_reply, { body }) => {
      // What was written meanwhile stays.
      setText((now) => (now.trim() === body.text ? '' : now))
      say(WORDS.replied)
      return queries.invalidateQueries({ queryKey: ['get', '/events/{eventId}/conversations/{guestId}'] })
    },
    onSettled: (data, error, { body }) => {
      settle(data, error)
      // Other words are another message.
      if (text.trim() !== body.text) renewKey()
    },
  })
  const send = () => {
    const body = { text: text.trim() }
    const errors = checkBody(replyToGuestBody, body)
    setWrong(errors)
    if (Object.keys(errors).length === 0) reply.mutate({ params: { path, header }, body })
  }
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    if (text.trim() !== '') send()
  }
  const change = (changed: string) => {
    if (reply.error) {
      // Other words are another message.
      reply.reset()
      renewKey()
    }
    setWrong({})
    setText(() => changed)
  }
  return (
    <form className={styles['box']} onSubmit={submit}>
      {reply.error ? (
        <Bubble side="ours" text={text}>
          <p role="alert" className={styles['failed']}>
            {WORDS.notSent} {explainProblem(reply.error).text}
          </p>
          {isLoggedOut(reply.error) ? <LogInAgain /> : null}
          <Row>
            <Button onPress={send}>{WORDS.again}</Button>
            <Button look="quiet" onPress={() => change('')}>
              {WORDS.discard}
            </Button>
          </Row>
        </Bubble>
      ) : null}
      <Field label={WORDS.write} value={text} onChange={change} error={wrong['text']} lines={2} />
      <Row isApart>
        <span className={styles['soft']}>{WORDS.window(left)}</span>
        <Button look="main" type="submit" isBusy={reply.isPending} isDisabled={text.trim() === ''}>
          {WORDS.reply}
        </Button>
      </Row>
    </form>
  )
}

/** A text that is still there after another conversation was opened, until the tab closes. */
function useDraft(key: string): [string, (change: (now: string) => string) => void] {
  const [text, setText] = useState(() => sessionStorage.getItem(key) ?? '')
  useEffect(() => {
    if (text === '') sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, text)
  }, [key, text])
  return [text, setText]
}
