/** A link that works once, to be sent to one person. */
import { Button } from '../../kit/Button.tsx'
import { ShownOnce } from '../../kit/ShownOnce.tsx'
import { When } from '../../kit/Time.tsx'
import { WORDS } from './words.ts'

type Props = { name: string; made: { link: string | null; linkExpiresAt: string }; onClose: () => void }

export function PersonalLink({ name, made: { link, linkExpiresAt }, onClose }: Props) {
  return (
    <>
      {link === null ? null : <p>{WORDS.linkReady(name)}</p>}
      <ShownOnce label={WORDS.link} text={link} />
      <p>
        {WORDS.expires}: <When at={linkExpiresAt} />
      </p>
      <div>
        <Button onPress={onClose}>{WORDS.close}</Button>
      </div>
    </>
  )
}
