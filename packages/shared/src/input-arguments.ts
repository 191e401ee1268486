/**
 * The parameters of a call that takes a task's input, and after it `TMore`: none for the input of a task without one,
 * an optional one where the input may be left out.
 */
export type InputArguments<TInput, TMore extends readonly unknown[] = []> = [TInput] extends [void]
  ? // any and never extend void too, and yet are inputs.
    0 extends 1 & TInput
    ? [input: TInput, ...TMore]
    : [TInput] extends [never]
      ? [input: TInput, ...TMore]
      : TMore extends readonly []
        ? []
        : [input?: undefined, ...TMore]
  : undefined extends TInput
    ? [input?: TInput, ...TMore]
    : [input: TInput, ...TMore];
