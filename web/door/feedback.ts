/** Sound and vibration of an answer, and a screen that stays on. */
import type { Tone } from './machine.ts'

/** Hz, seconds from the start, seconds long. */
const TONES: Record<Tone, [number, number, number][]> = {
  valid: [
    [880, 0, 0.09],
    [1320, 0.1, 0.14],
  ],
  duplicate: [
    [440, 0, 0.12],
    [440, 0.2, 0.12],
  ],
  invalid: [[180, 0, 0.4]],
}
const VIBRATIONS: Record<Tone, number[]> = { valid: [60], duplicate: [80, 60, 80], invalid: [400] }
const LOUDNESS = 0.25

let audio: AudioContext | undefined

/** Browsers let a page sound only after a touch: call this from one. */
export function allowSound(): void {
  audio ??= new AudioContext()
  if (audio.state === 'suspended') void audio.resume()
}

export function signal(tone: Tone, isMuted: boolean): void {
  // Browsers refuse both, aloud, until the page has been touched.
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(VIBRATIONS[tone])
  if (isMuted || audio?.state !== 'running') return
  for (const [hertz, startS, lengthS] of TONES[tone]) {
    const [oscillator, gain] = [audio.createOscillator(), audio.createGain()]
    const at = audio.currentTime + startS
    oscillator.type = tone === 'invalid' ? 'sawtooth' : 'sine'
    oscillator.frequency.value = hertz
    gain.gain.setValueAtTime(LOUDNESS, at)
    gain.gain.exponentialRampToValueAtTime(0.001, at + lengthS)
    oscillator.connect(gain).connect(audio.destination)
    oscillator.start(at)
    oscillator.stop(at + lengthS)
  }
}

/** Keeps the screen on while the page is in view. Returns what ends it. */
export function keepAwake(): () => void {
  let lock: WakeLockSentinel | undefined
  let isOver = false
  const ask = async () => {
    if (document.hidden || isOver) return
    lock = await navigator.wakeLock?.request('screen').catch(() => undefined)
    if (isOver) void lock?.release()
  }
  const onShow = () => void ask()
  document.addEventListener('visibilitychange', onShow)
  void ask()
  return () => {
    isOver = true
    document.removeEventListener('visibilitychange', onShow)
    void lock?.release()
  }
}
