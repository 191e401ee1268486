import { describe, expect, test } from "vitest";
import {
  type ClusterView,
  isAgreed,
  isSettled,
  ownerOf,
  type SeenNode,
  seenNodes,
} from "./redis-cluster-view.ts";

test("what a node tells of the others is read", () => {
  const told = [
    "07c37d 127.0.0.1:30004@31004 slave e7d1ee 0 1426238317239 4 connected",
    "e7d1ee 127.0.0.1:30001@31001,host.example myself,master - 0 0 1 connected 0-5460 [93->-292f8b]",
    "292f8b 127.0.0.1:30003@31003 master,fail - 0 1426238318243 3 disconnected 10923-16382 16383",
    "824fe1 :0@0 handshake - 0 0 0 disconnected",
    "",
  ].join("\n");
  const other = { isMyself: false, isMaster: false, isInHandshake: false, slots: [] };
  expect(seenNodes(told)).toEqual([
    { ...other, port: 30004, epoch: 4 },
    { ...other, port: 30001, isMyself: true, isMaster: true, epoch: 1, slots: [[0, 5460]] },
    {
      ...other,
      port: 30003,
      isMaster: true,
      epoch: 3,
      slots: [
        [10923, 16382],
        [16383, 16383],
      ],
    },
    { ...other, port: 0, isInHandshake: true, epoch: 0 },
  ]);
});

describe("a master and its replica", () => {
  const master: SeenNode = {
    port: 1,
    isMyself: false,
    isMaster: true,
    isInHandshake: false,
    epoch: 1,
    slots: [[0, 16_383]],
  };
  const replica: SeenNode = { ...master, port: 2, isMaster: false, slots: [] };
  const seenBy = (
    port: number,
    nodes: readonly SeenNode[],
    more: Partial<ClusterView> = {},
  ): ClusterView => ({
    port,
    isOk: true,
    nodes: nodes.map((node) => ({ ...node, isMyself: node.port === port })),
    isInSync: true,
    replicasInSync: 0,
    ...more,
  });
  const nodes = [master, replica];
  const [one, two] = [seenBy(1, nodes, { replicasInSync: 1 }), seenBy(2, nodes)];

  test("are settled when both are ok, of one mind and in sync", () => {
    expect(isSettled([one, two])).toBe(true);
    expect(isAgreed([one, seenBy(2, nodes, { isOk: false })])).toBe(false);
    expect(isSettled([one, seenBy(2, nodes, { isInSync: false })])).toBe(false);
    expect(isAgreed([seenBy(1, nodes), two])).toBe(true);
    expect(isSettled([seenBy(1, nodes), two])).toBe(false);
  });

  test("are not of one mind while the old master does not know the new one, which serves the slots", () => {
    const promoted: SeenNode = { ...master, port: 2, epoch: 9 };
    const stale = seenBy(1, nodes);
    const fresh = seenBy(2, [{ ...master, slots: [] }, promoted]);
    expect(isAgreed([stale, fresh])).toBe(false);
    expect(ownerOf(5, [stale, fresh])).toBe(2);
    expect(ownerOf(5, [fresh, stale])).toBe(2);
  });

  test("serve nothing when only the replica runs", () => {
    expect(ownerOf(5, [two])).toBeUndefined();
    expect(ownerOf(5, [one, two])).toBe(1);
    expect(ownerOf(16_384, [one, two])).toBeUndefined();
  });
});
