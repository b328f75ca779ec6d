/** Asks for the password once more when the session has ended, over the page: what was entered there stays. */
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { $api, isProblem } from '../api/client.ts'
import { pick } from '../words/locale.ts'
import { explainProblem } from '../words/problems.ts'
import { Button } from './Button.tsx'
import { Dialog } from './Dialog.tsx'
import { Field } from './Field.tsx'
import { Fields } from './Fields.tsx'
import { useMe } from './session.ts'

const WORDS = pick({
  es: {
    logIn: 'Entrar otra vez',
    text: 'Lo que escribiste sigue aquí.',
    email: 'Correo',
    password: 'Contraseña',
    done: 'Ya entraste. Inténtalo otra vez.',
  },
  en: {
    logIn: 'Log in again',
    text: 'What you entered is still here.',
    email: 'E-mail',
    password: 'Password',
    done: 'You are logged in. Try again.',
  },
})

/** Whether an error says that nobody is logged in any more. */
export const isLoggedOut = (error: unknown): boolean => isProblem(error) && error.code === 'unauthorized'

export function LogInAgain() {
  const email = useMe()?.email
  const [state, setState] = useState<'ended' | 'asked' | 'done'>('ended')
  const close = () => setState((now) => (now === 'asked' ? 'ended' : now))
  if (!email) return null
  if (state === 'done') return <span role="status">{WORDS.done}</span>
  return (
    <>
      <Button onPress={() => setState('asked')}>{WORDS.logIn}</Button>
      <Dialog title={WORDS.logIn} isOpen={state === 'asked'} onClose={close}>
        <Password email={email} onDone={() => setState('done')} />
      </Dialog>
    </>
  )
}

function Password({ email, onDone }: { email: string; onDone: () => void }) {
  const [password, setPassword] = useState('')
  const queries = useQueryClient()
  const logIn = $api.useMutation('post', '/login', {
    onSuccess: () => {
      onDone()
      void queries.invalidateQueries()
    },
  })
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    // The form around this dialog is another one.
    submission.stopPropagation()
    if (password !== '') logIn.mutate({ body: { email, password } })
  }
  return (
    <Fields onSubmit={submit}>
      <p>{WORDS.text}</p>
      <Field label={WORDS.email} isReadOnly value={email} autoComplete="username" />
      <Field
        label={WORDS.password}
        type="password"
        autoComplete="current-password"
        autoFocus
        value={password}
        onChange={setPassword}
        error={logIn.error ? explainProblem(logIn.error).text : undefined}
      />
      <div>
        <Button look="main" type="submit" isBusy={logIn.isPending}>
          {WORDS.logIn}
        </Button>
      </div>
    </Fields>
  )
}
