import type { Deps } from './deps.ts'

export type Demo = { email: string; password: string }
export const seedDemo = async (_: Deps): Promise<Demo> => ({ email: '', password: '' })
export const describeDemo = (_: Demo, __: { host: string; port: number }): string => ''
export const describeLogins = (_: Demo): string => ''
