/** Handlers that note what they run. */
export function noting(): {
  readonly ran: number[];
  readonly work: (args: { input: { n: number } }) => { n: number };
} {
  const ran: number[] = [];
  return {
    ran,
    work: ({ input }) => {
      ran.push(input.n);
      return input;
    },
  };
}
