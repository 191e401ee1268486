import { describe, expect, test } from "vitest";
import { refusal } from "../../../../test/harness/sqlite-store.ts";
import { createGates, HTTP_PERMISSIONS, type HttpAuth, type HttpAuthFacts } from "./http-auth.ts";

const TOKEN = "0123456789abcdef";
const NEXT = "fedcba9876543210";
const FACTS: HttpAuthFacts = { permission: "run", taskId: null };

function requestOf(authorization?: string): Request {
  const headers = authorization === undefined ? {} : { authorization };
  return new Request("https://app.example.test/tasks/run", { method: "POST", headers });
}

/** What the gate of `run` makes of a call: the status of a refusal, or "passes". */
async function outcome(auth: HttpAuth, authorization?: string): Promise<number | "passes"> {
  const answer = await createGates(auth).run(requestOf(authorization), FACTS);
  return answer === null ? "passes" : answer.status;
}

describe("bearer", () => {
  test("lets the bearer of any of its tokens pass, in any writing of the word", async () => {
    for (const bearer of [TOKEN, [TOKEN], [NEXT, TOKEN]]) {
      expect(await outcome({ bearer }, `Bearer ${TOKEN}`)).toBe("passes");
      expect(await outcome({ bearer }, `bearer  ${TOKEN}`)).toBe("passes");
    }
  });

  test.each([
    [undefined, 401],
    ["", 401],
    ["Bearer", 401],
    [TOKEN, 401],
    [`Basic ${TOKEN}`, 401],
    [`Bearer ${TOKEN} ${TOKEN}`, 401],
    [`Bearer ${TOKEN.slice(1)}`, 403],
    [`Bearer ${TOKEN}0`, 403],
    [`Bearer ${TOKEN.toUpperCase()}`, 403],
    [`Bearer ${NEXT}`, 403],
  ])("answers %j with %d", async (authorization, status) => {
    expect(await outcome({ bearer: TOKEN }, authorization)).toBe(status);
  });

  test.each([
    [undefined],
    [null],
    [""],
    ["short"],
    [[]],
    [[TOKEN, undefined]],
    [[TOKEN, "short"]],
    [`${TOKEN}\n`],
    ["a token with spaces"],
    ["a-token-of-ünicode"],
  ])("of %j is refused at the start, and no token is quoted", async (bearer) => {
    const error = await refusal(() => createGates({ bearer }));
    expect(error).toMatchObject({ code: "INVALID_OPTION", data: { option: "auth" } });
    expect(error.message).toContain("Is the variable set");
    for (const token of [TOKEN, "short"]) expect(error.message).not.toContain(token);
  });
});

describe("a function", () => {
  test("lets pass with true alone", async () => {
    expect(await outcome(() => true)).toBe("passes");
    expect(await outcome(async () => true)).toBe("passes");
    for (const decision of [false, undefined, null, 0, 1, "yes", {}])
      expect(await outcome(() => decision as boolean)).toBe(403);
  });

  test("answers itself with a response, again and again with the same one", async () => {
    const denied = Response.json({ login: "/login" }, { status: 401 });
    const gate = createGates(() => denied).run;
    for (let call = 0; call < 2; call++) {
      const answer = (await gate(requestOf(), FACTS)) as Response;
      expect([answer.status, await answer.json()]).toEqual([401, { login: "/login" }]);
    }
  });

  test("is told the permission and the task result", async () => {
    const asked: HttpAuthFacts[] = [];
    const gates = createGates((request: Request, facts: HttpAuthFacts) => {
      asked.push(facts);
      return request.method === "POST";
    });
    await gates.execute(requestOf(), { permission: "execute", taskId: "an id" });
    expect(asked).toEqual([{ permission: "execute", taskId: "an id" }]);
  });

  test("that throws lets nobody pass", async () => {
    await expect(
      outcome(() => {
        throw new Error("the session store is away");
      }),
    ).rejects.toThrow();
  });
});

describe("rules by permission", () => {
  test("hold for their permission, and the default for all others", async () => {
    const gates = createGates({
      default: { bearer: TOKEN },
      health: "none",
      purge: () => false,
      run: undefined,
    });
    const statuses = await Promise.all(
      HTTP_PERMISSIONS.map(async (permission) => {
        const answer = await gates[permission](requestOf(`Bearer ${TOKEN}`), FACTS);
        const strange = await gates[permission](requestOf(), FACTS);
        return [permission, answer?.status ?? "passes", strange?.status ?? "passes"];
      }),
    );
    expect(statuses).toEqual(
      HTTP_PERMISSIONS.map((permission) => {
        if (permission === "health") return [permission, "passes", "passes"];
        return permission === "purge" ? [permission, 403, 403] : [permission, "passes", 401];
      }),
    );
  });

  test.each([
    [{}, "auth has no default"],
    [{ health: "none" }, "auth has no default"],
    [[TOKEN], "auth has no default"],
    [{ default: "none", delete: "none" }, 'no permission "delete"'],
    [{ default: "none", Health: "none" }, 'Did you mean "health"?'],
    [{ default: undefined }, "a rule of auth is undefined"],
    [{ default: "none", purge: "nobody" }, "a rule of auth is string"],
    [{ bearer: TOKEN, health: "none" }, 'auth has "health" beside bearer'],
  ])("of %j are refused at the start", async (auth, words) => {
    const error = await refusal(() => createGates(auth));
    expect(error).toMatchObject({ code: "INVALID_OPTION" });
    expect(error.message).toContain(words);
    expect(error.message).not.toContain(TOKEN);
  });
});

test('"none" lets everybody pass', async () => {
  expect(await outcome("none")).toBe("passes");
});

test.each([[undefined], [null], [false], [true], [TOKEN], [7]])(
  "auth of %j is refused at the start with the choices",
  async (auth) => {
    const error = await refusal(() => createGates(auth));
    expect(error).toMatchObject({ code: "INVALID_OPTION" });
    expect(error.message).toContain(
      'Give auth: { bearer: process.env.TASKS_TOKEN }, a function of the request, rules by permission with a default, or "none"',
    );
    expect(error.message).not.toContain(TOKEN);
  },
);
