/** A link to a file of the API. A plain link cannot renew a session that has expired meanwhile, so this one asks the API first. */
import { useRef, useState, type MouseEvent, type ReactNode } from 'react'
import { api } from '../../api/client.ts'
import { Refused } from '../../kit/Refused.tsx'

type Props = { href: string; className?: string | undefined; children: ReactNode }

export function Download({ href, className, children }: Props) {
  const link = useRef<HTMLAnchorElement>(null)
  const isReady = useRef(false)
  const [error, setError] = useState<unknown>()
  const follow = async () => {
    const { error } = await api.GET('/auth/me').catch((error: unknown) => ({ error }))
    setError(error)
    if (error) return
    isReady.current = true
    link.current?.click()
    isReady.current = false
  }
  const press = (click: MouseEvent) => {
    if (isReady.current) return
    click.preventDefault()
    void follow()
  }
  return (
    <>
      <a ref={link} href={href} download onClick={press} className={className}>
        {children}
      </a>
      <Refused error={error} />
    </>
  )
}
