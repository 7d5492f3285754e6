/** Whether two texts are one address. A record has them with checksums, logs and GraphQL in lower case, people in either. */
export const isSameAddress = (one: string, other: string): boolean =>
  one.toLowerCase() === other.toLowerCase();
