/** The name of the sums that answer what was asked for; null where only the rows by themselves do. */
export function scopeOf(app: number | null, topic: string | null): string | null {
  if (app !== null && topic !== null) return null;
  return app !== null ? `app ${app}` : topic !== null ? `topic ${topic}` : "";
}
