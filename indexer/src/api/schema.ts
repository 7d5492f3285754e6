import { extendSchema, parse, type GraphQLSchema } from "graphql";

/**
 * The generated schema with our own questions beside the generated ones.
 *
 * @param words Our questions in the schema's language.
 * @param answers By question: what answers it.
 */
export function withQuestions(
  generated: GraphQLSchema,
  words: string,
  answers: Readonly<Record<string, (args: never) => unknown>>,
): GraphQLSchema {
  const extension = parse(words);
  const schema = extendSchema(generated, extension);
  const fields = schema.getQueryType()!.getFields();
  for (const [name, answer] of Object.entries(answers)) {
    fields[name]!.resolve = (_parent, args) => answer(args as never);
  }
  return schema;
}
