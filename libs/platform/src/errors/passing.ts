const judges = new Set<(error: unknown) => boolean>();

/**
 * Says of which errors the cause lies outside and passes (the database is away): they are answered with 503, not 500. For whoever knows
 * the outside in question to say once for the process; saying it again changes nothing.
 */
export function passesWhere(judge: (error: unknown) => boolean): void {
  judges.add(judge);
}

export function isPassing(error: unknown): boolean {
  for (const judge of judges) if (judge(error)) return true;
  return false;
}
