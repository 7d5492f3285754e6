/** Does the same with some at a time, one after the other. */
export async function inBatches<Item, Answer>(
  items: readonly Item[],
  size: number,
  work: (some: readonly Item[]) => Promise<readonly Answer[]>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let first = 0; first < items.length; first += size)
    answers.push(...(await work(items.slice(first, first + size))));
  return answers;
}
