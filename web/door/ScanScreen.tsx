/** Escanear: the camera, a code that is typed, and the last answers. */
import { Flashlight, Keyboard, Search } from 'lucide-react'
import { useEffect, useRef, useState, type SubmitEvent } from 'react'
import { openCamera, type Camera, type CameraState } from './camera.ts'
import type { Engine } from './engine.ts'
import { recordsExits, type Memory } from './memory.ts'
import { Popup } from './Popup.tsx'
import { RecentScans } from './RecentScans.tsx'
import { WORDS } from './words.ts'
import styles from './door.module.css'

const RECENT_SHOWN = 3

type Props = { engine: Engine; memory: Memory; onSearch: () => void }

export function ScanScreen({ engine, memory, onSearch }: Props) {
  const [isTyping, setTyping] = useState(false)
  return (
    <>
      {recordsExits(memory) ? <Way engine={engine} direction={memory.direction} /> : null}
      <Viewfinder engine={engine} />
      <div className={styles['pair']}>
        <button type="button" onClick={onSearch}>
          <Search size={20} aria-hidden="true" />
          {WORDS.search}
        </button>
        <button type="button" onClick={() => setTyping(true)}>
          <Keyboard size={20} aria-hidden="true" />
          {WORDS.keyboard}
        </button>
      </div>
      <h2>{WORDS.recent}</h2>
      <RecentScans recent={memory.recent.slice(0, RECENT_SHOWN)} timeZone={memory.session.timeZone} />
      {isTyping ? <TypeCode engine={engine} onClose={() => setTyping(false)} /> : null}
    </>
  )
}

/** Which way people go, at a door that counts those who leave. */
const Way = ({ engine, direction }: { engine: Engine; direction: Memory['direction'] }) => (
  <div role="group" aria-label={WORDS.way} className={styles['pair']}>
    {(['in', 'out'] as const).map((way) => (
      <button key={way} type="button" aria-pressed={direction === way} onClick={() => void engine.turn(way)}>
        {WORDS.ways[way]}
      </button>
    ))}
  </div>
)

function Viewfinder({ engine }: { engine: Engine }) {
  const video = useRef<HTMLVideoElement>(null)
  const camera = useRef<Camera | null>(null)
  const [{ state, hasTorch }, setState] = useState<{ state: CameraState; hasTorch: boolean }>({
    ...{ state: 'starting', hasTorch: false },
  })
  const [isLit, setLit] = useState(false)
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    const opened = openCamera(video.current!, {
      onCode(code) {
        if (!engine.takesCodes()) return false
        void engine.scan(code)
        return true
      },
      onState(state, hasTorch) {
        setState({ state, hasTorch })
        if (state === 'starting') setLit(false)
      },
    })
    camera.current = opened
    return () => opened.close()
  }, [engine, turn])
  const light = () => {
    void camera.current?.setTorch(!isLit)
    setLit(!isLit)
  }
  return (
    <div className={styles['finder']}>
      <video ref={video} muted playsInline aria-label={WORDS.aim} hidden={state !== 'on'} />
      {state === 'on' ? <span aria-hidden="true" className={styles['corners']} /> : null}
      {state === 'on' && hasTorch ? (
        <button type="button" aria-pressed={isLit} className={styles['torch']} onClick={light}>
          <Flashlight size={20} aria-hidden="true" />
          {WORDS.light}
        </button>
      ) : null}
      {state === 'on' ? null : <CameraTrouble state={state} onAgain={() => setTurn(turn + 1)} />}
    </div>
  )
}

function CameraTrouble({ state, onAgain }: { state: CameraState; onAgain: () => void }) {
  if (state === 'starting') return <p className={styles['late']}>{WORDS.cameras.starting}</p>
  if (state === 'stuck')
    return (
      <button type="button" onClick={onAgain}>
        {WORDS.cameras.stuck}
      </button>
    )
  return (
    <div role="status" className={styles['trouble']}>
      <p>{WORDS.cameras[state]}</p>
      {state === 'denied' ? (
        <details>
          <summary>{WORDS.how}</summary>
          <p>{WORDS.howDenied}</p>
        </details>
      ) : null}
      <p>{WORDS.meanwhile}</p>
      <button type="button" onClick={onAgain}>
        {WORDS.again}
      </button>
    </div>
  )
}

function TypeCode({ engine, onClose }: { engine: Engine; onClose: () => void }) {
  const [code, setCode] = useState('')
  const check = (event: SubmitEvent) => {
    event.preventDefault()
    if (code.trim() === '') return
    onClose()
    void engine.scan(code)
  }
  return (
    <Popup title={WORDS.typeCode} onClose={onClose}>
      <form onSubmit={check} className={styles['form']}>
        <label>
          {WORDS.code}
          <input
            value={code}
            onChange={(event) => setCode(event.target.value)}
            autoComplete="off"
            autoCapitalize="characters"
            spellCheck={false}
          />
        </label>
        <button type="submit" className={styles['main']}>
          {WORDS.check}
        </button>
      </form>
    </Popup>
  )
}
