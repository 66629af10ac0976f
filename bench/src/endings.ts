/** Has something ended when the work is over. */
export type AtEnd = (end: () => unknown) => void;

/**
 * Whatever `work` has started is ended, the last first, when it is done, has failed, or is interrupted: a benchmark that is broken off leaves no
 * database and no server behind.
 */
export async function withEndings<Value>(work: (atEnd: AtEnd) => Promise<Value>): Promise<Value> {
  const ends: (() => unknown)[] = [];
  const endAll = async (): Promise<void> => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
      await Promise.resolve(end()).catch((error: unknown) => console.error(error));
    }
  };
  const interrupted = (): void => {
    void endAll().then(() => process.exit(130));
  };
  process.once("SIGINT", interrupted);
  process.once("SIGTERM", interrupted);
  try {
    return await work((end) => ends.push(end));
  } finally {
    await endAll();
    process.off("SIGINT", interrupted);
    process.off("SIGTERM", interrupted);
  }
}
