/** A link that works once, to be sent to one person. */
import { Button } from '../../kit/Button.tsx'
import { Field } from '../../kit/Field.tsx'
import { Row } from '../../kit/Row.tsx'
import { say } from '../../kit/say.ts'
import { When } from '../../kit/Time.tsx'
import { WORDS } from './words.ts'

type Props = { name: string; made: { link: string | null; linkExpiresAt: string }; onClose: () => void }

export function PersonalLink({ name, made: { link, linkExpiresAt }, onClose }: Props) {
  const copy = () => void navigator.clipboard.writeText(link ?? '').then(() => say(WORDS.copied))
  return (
    <>
      <p>{WORDS.linkReady(name)}</p>
      <Field label={WORDS.link} value={link ?? ''} isReadOnly />
      <p>
        {WORDS.expires}: <When at={linkExpiresAt} />
      </p>
      <Row>
        <Button look="main" onPress={copy}>
          {WORDS.copy}
        </Button>
        <Button onPress={onClose}>{WORDS.close}</Button>
      </Row>
    </>
  )
}
