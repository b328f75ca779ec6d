export const planLandingTtl = async (_: unknown): Promise<object> => ({})
export const runLandingTtl = async (_: unknown, __: { forced: boolean }): Promise<object> => ({})
export const describePlan = (_: object): string => ''
