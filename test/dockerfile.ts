/** Reads infra/Dockerfile and .dockerignore, as far as this repository uses their languages. */

export type Step = { instruction: string; argument: string }
export type Stage = { name: string; image: string; steps: Step[] }

/** The stages of a Dockerfile. Continued lines are joined, comments dropped. */
export function readDockerfile(text: string): Stage[] {
  const stages: Stage[] = []
  for (const line of text.replace(/\\\n\s*/g, ' ').split('\n')) {
    if (/^\s*(#|$)/.test(line)) continue
    const [, instruction = '', argument = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
    const from = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(argument)
    if (instruction === 'FROM') stages.push({ name: from?.[2] ?? '', image: from?.[1] ?? '', steps: [] })
    else stages.at(-1)?.steps.push({ instruction, argument: argument.trim() })
  }
  return stages
}

export type Copy = { from: string | null; sources: string[]; target: string }

export function readCopy({ argument }: Step): Copy {
  const words = argument.split(/\s+/)
  const from = words[0]?.startsWith('--from=') ? words.shift()!.slice('--from='.length) : null
  return { from, sources: words.slice(0, -1), target: words.at(-1)! }
}

/** Whether a path of the repository reaches the build. The last pattern that fits decides, as Docker has it. */
export function isInContext(dockerignore: string, path: string): boolean {
  let isIn = true
  for (const line of dockerignore.split('\n')) {
    const pattern = line.trim()
    if (pattern === '' || pattern.startsWith('#')) continue
    const isKept = pattern.startsWith('!')
    const source = (isKept ? pattern.slice(1) : pattern)
      .replace(/[.+^$()|[\]\\{}]/g, '\\$&')
      .replaceAll('**/', '\u0000')
      .replaceAll('*', '[^/]*')
      .replaceAll('\u0000', '(.*/)?')
    if (new RegExp(`^${source}(/.*)?$`).test(path)) isIn = isKept
  }
  return isIn
}
