/** The camera of the door: opens it, reads its frames, and says why it cannot. Search and keyboard go on without it. */
import { DecoderFailure, getDecoder, type Decoder } from './decoder.ts'
import { lookAt, startLooking } from './sightings.ts'

export type CameraState = 'starting' | 'on' | 'denied' | 'busy' | 'none' | 'insecure' | 'stuck'

const FRAME_MS = 1000 / 12
/** After a quiet minute, so that the battery lasts the night. */
const QUIET_FRAME_MS = 1000 / 5
const QUIET_MS = 60_000
/** Without a new frame for so long, the camera has stopped: another app took it, or the phone slept. */
const STUCK_MS = 2000
const WANTED: MediaTrackConstraints = {
  facingMode: { ideal: 'environment' },
  width: { ideal: 1280 },
  height: { ideal: 720 },
}

export type Camera = { close(): void; setTorch(isOn: boolean): Promise<void> }
type Handlers = {
  /** Returns whether the code is taken; one that is not comes again. */
  onCode(code: string): boolean
  onState(state: CameraState, hasTorch: boolean): void
}

/** Opens the camera while the page is in view, and closes it when it is hidden. */
export function openCamera(video: HTMLVideoElement, { onCode, onState }: Handlers): Camera {
  let stream: MediaStream | undefined
  let decoder: Decoder | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let isClosed = false
  let turn = 0
  const seen = startLooking()

  async function start(): Promise<void> {
    const mine = ++turn
    stop()
    onState('starting', false)
    try {
      const opened = await open()
      if (isClosed || mine !== turn) return opened.getTracks().forEach((track) => track.stop())
      stream = opened
      video.srcObject = opened
      await video.play()
      decoder ??= await getDecoder()
      if (isClosed || mine !== turn) return
      onState('on', hasTorch(opened))
      readFrames(mine)
    } catch (error) {
      if (!isClosed && mine === turn) onState(explain(error), false)
    }
  }

  function readFrames(mine: number): void {
    let [frameAt, frameMs, codeMs] = [-1, performance.now(), performance.now()]
    const next = async (): Promise<void> => {
      if (isClosed || mine !== turn || !decoder) return
      const startedMs = performance.now()
      if (video.currentTime !== frameAt) {
        frameAt = video.currentTime
        frameMs = startedMs
        const codes = await decoder.read(video).catch((error: unknown) => (error instanceof DecoderFailure ? null : []))
        if (mine !== turn) return
        if (codes === null) {
          decoder = undefined
          return onState('stuck', false)
        }
        if (codes.length > 0) codeMs = startedMs
        lookAt(seen, codes, performance.now(), onCode)
      } else if (startedMs - frameMs > STUCK_MS) return onState('stuck', false)
      const pauseMs = startedMs - codeMs > QUIET_MS ? QUIET_FRAME_MS : FRAME_MS
      timer = setTimeout(() => void next(), Math.max(0, pauseMs - (performance.now() - startedMs)))
    }
    void next()
  }

  function stop(): void {
    clearTimeout(timer)
    for (const track of stream?.getTracks() ?? []) track.stop()
    stream = undefined
    video.srcObject = null
  }

  const onVisibility = () => {
    turn++
    stop()
    if (!document.hidden) void start()
  }
  document.addEventListener('visibilitychange', onVisibility)
  void start()
  return {
    async setTorch(isOn) {
      const torch = { torch: isOn } as MediaTrackConstraintSet
      await stream?.getVideoTracks()[0]?.applyConstraints({ advanced: [torch] })
    },
    close() {
      isClosed = true
      document.removeEventListener('visibilitychange', onVisibility)
      stop()
    },
  }
}

async function open(): Promise<MediaStream> {
  if (!isSecureContext || !navigator.mediaDevices) throw new DOMException('', 'SecurityError')
  return navigator.mediaDevices.getUserMedia({ video: WANTED, audio: false })
}

const hasTorch = (stream: MediaStream): boolean => 'torch' in (stream.getVideoTracks()[0]?.getCapabilities?.() ?? {})

const STATES: Record<string, CameraState> = {
  NotAllowedError: 'denied',
  NotReadableError: 'busy',
  AbortError: 'busy',
  NotFoundError: 'none',
  OverconstrainedError: 'none',
  SecurityError: 'insecure',
}
const explain = (error: unknown): CameraState => (error instanceof Error && STATES[error.name]) || 'busy'
