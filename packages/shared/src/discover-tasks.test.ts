import { describe, expect, it } from "vitest";
import { discoverTasks } from "./discover-tasks.ts";
import { initTasks } from "./init-tasks.ts";

const t = initTasks.create();
const tasks = t.router({
  zebra: t.task,
  billing: t.router({
    invoice: t.task.options({ label: "Write an invoice" }),
    reminders: t.router({ send: t.task }),
  }),
  apple: t.task.options({ priority: 5 }),
});

describe("discoverTasks", () => {
  it("lists the tasks as they were declared, the path for those without a label", () => {
    expect(discoverTasks(tasks)).toEqual([
      { name: "zebra", fieldLabel: "zebra", location: "zebra" },
      { name: "invoice", fieldLabel: "Write an invoice", location: "billing.invoice" },
      { name: "send", fieldLabel: "billing.reminders.send", location: "billing.reminders.send" },
      { name: "apple", fieldLabel: "apple", location: "apple" },
    ]);
  });

  it.each([{ locationsOnly: true }, { pathsOnly: true }, { locationsOnly: true, pathsOnly: false }] as const)(
    "lists paths only with %o",
    (options) => {
      expect(discoverTasks(tasks, options as { locationsOnly: true })).toEqual([
        "zebra",
        "billing.invoice",
        "billing.reminders.send",
        "apple",
      ]);
    },
  );

  it.each([{}, { locationsOnly: false }, { pathsOnly: false }])("lists everything with %o", (options) => {
    expect(discoverTasks(tasks, options)).toHaveLength(4);
    expect(discoverTasks(tasks, options)[0]).toHaveProperty("fieldLabel");
  });

  it("finds nothing in an empty router", () => {
    expect(discoverTasks(t.router({}))).toEqual([]);
  });

  it("refuses options that it does not have", () => {
    expect(() => discoverTasks(tasks, { locationOnly: true } as object)).toThrow(
      'discoverTasks() has no option "locationOnly". Did you mean "locationsOnly"? It has: locationsOnly, pathsOnly.',
    );
    expect(() => discoverTasks(tasks, null as never)).toThrow(
      "discoverTasks() takes its options as a plain object; got null.",
    );
  });

  it("refuses what is no router", () => {
    expect(() => discoverTasks(t.task as never)).toThrow(/^Expected a router made by t\.router/);
  });
});
