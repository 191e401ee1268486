/** Computes a pause in milliseconds from the number of retries so far, 0 for the first one. */
export type RetryExpression = (retried: number) => number;

const LONGEST = 500;
const DEEPEST = 40;
const TOKEN = /\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([a-z]+)|([-+*/%(),]))/y;

const FUNCTIONS: Readonly<
  Record<string, { readonly count: number; readonly apply: (...values: number[]) => number }>
> = {
  pow: { count: 2, apply: (base = 0, exponent = 0) => base ** exponent },
  sqrt: { count: 1, apply: (value = 0) => Math.sqrt(value) },
  abs: { count: 1, apply: (value = 0) => Math.abs(value) },
  exp: { count: 1, apply: (value = 0) => Math.exp(value) },
  floor: { count: 1, apply: (value = 0) => Math.floor(value) },
  ceil: { count: 1, apply: (value = 0) => Math.ceil(value) },
  round: { count: 1, apply: (value = 0) => Math.round(value) },
  min: { count: 2, apply: (...values) => Math.min(...values) },
  max: { count: 2, apply: (...values) => Math.max(...values) },
};

const OPERATORS: Readonly<Record<string, (left: number, right: number) => number>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "%": (left, right) => left % right,
};

/** Thrown inside, caught by {@link compileRetryExpression}. */
class SyntaxFault extends Error {}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  const trimmed = text.trim();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const match = TOKEN.exec(trimmed);
    if (match === null) throw new SyntaxFault("an unknown sign");
    tokens.push((match[1] ?? match[2] ?? match[3]) as string);
  }
  return tokens;
}

/** A recursive descent over the tokens; builds closures. */
class Parser {
  readonly #tokens: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  whole(): RetryExpression {
    const expression = this.#sum();
    if (this.#at < this.#tokens.length) throw new SyntaxFault("something after its end");
    return expression;
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw new SyntaxFault(`no "${token}" where one belongs`);
  }

  #chain(operators: readonly string[], part: () => RetryExpression): RetryExpression {
    let left = part();
    for (;;) {
      const token = this.#tokens[this.#at] ?? "";
      const operator = operators.includes(token) ? OPERATORS[token] : undefined;
      if (operator === undefined) return left;
      this.#at++;
      const before = left;
      const right = part();
      left = (retried) => operator(before(retried), right(retried));
    }
  }

  #sum(): RetryExpression {
    if (++this.#depth > DEEPEST) throw new SyntaxFault("too many parentheses");
    const sum = this.#chain(["+", "-"], () => this.#product());
    this.#depth--;
    return sum;
  }

  #product(): RetryExpression {
    return this.#chain(["*", "/", "%"], () => this.#value());
  }

  #value(): RetryExpression {
    if (++this.#depth > DEEPEST) throw new SyntaxFault("too many signs");
    const value = this.#unsigned();
    this.#depth--;
    return value;
  }

  #unsigned(): RetryExpression {
    if (this.#take("-")) {
      const value = this.#value();
      return (retried) => -value(retried);
    }
    if (this.#take("(")) {
      const inner = this.#sum();
      this.#expect(")");
      return inner;
    }
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new SyntaxFault("an early end");
    if (/^\d/.test(token)) return () => Number(token);
    if (token === "retried") return (retried) => retried;
    return this.#call(token);
  }

  #call(name: string): RetryExpression {
    const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (known === undefined) throw new SyntaxFault("a name that is neither `retried` nor a function");
    this.#expect("(");
    const values = [this.#sum()];
    while (this.#take(",")) values.push(this.#sum());
    this.#expect(")");
    if (values.length !== known.count) throw new SyntaxFault(`${name}() with ${values.length} values`);
    return (retried) => known.apply(...values.map((value) => value(retried)));
  }
}

/** Compiles `Upstash-Retry-Delay`; gives what is wrong with it instead when it is no expression. */
export function compileRetryExpression(text: string): RetryExpression | { readonly fault: string } {
  if (text.length > LONGEST) return { fault: `more than ${LONGEST} characters` };
  try {
    return new Parser(tokensOf(text)).whole();
  } catch (error) {
    if (error instanceof SyntaxFault) return { fault: error.message };
    throw error;
  }
}
