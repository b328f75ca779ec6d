/** The providers' own samples. They lie outside the project, in PROVIDER_SAMPLES_DIR. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const SAMPLES_FOLDER =
  process.env['PROVIDER_SAMPLES_DIR'] ??
  join(fileURLToPath(new URL('.', import.meta.url)), '..', '..', 'shared', 'contracts')

export type Sample = { name: string; body: string; json: Record<string, unknown> }

/** Every .json below a folder of samples; none when the samples are not here. */
export function listSamples(folder: string): Sample[] {
  const root = join(SAMPLES_FOLDER, folder)
  if (!existsSync(root)) return []
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))
  return names.toSorted().map((name) => {
    const body = readFileSync(join(root, name), 'utf8')
    return { name, body, json: JSON.parse(body) as Record<string, unknown> }
  })
}
