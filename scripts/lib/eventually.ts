/** Asserts again and again until it holds; throws its last objection when `seconds` are over. */
export async function eventually(assertion: () => void | Promise<void>, seconds = 30): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await assertion();
    } catch (objection) {
      if (Date.now() > deadline) throw objection;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
