import { randomBytes } from "node:crypto";
import type { Lease } from "../../backend/index.ts";

/** A number that no other claim has: 48 random bits. */
export function newLeaseNumber(): number {
  return randomBytes(6).readUIntBE(0, 6);
}

/** The token of a row under a lease: it names the row, so that no operation has to look the id up. */
export function tokenOf(leaseNumber: number, seq: number): string {
  return `${leaseNumber}.${seq}`;
}

/** What finds the row that a lease holds. */
export interface HeldRow {
  readonly seq: number;
  readonly id: string;
  readonly leaseNumber: number;
}

/** Takes a token apart; one that is none of ours finds no row. */
export function heldRow({ id, token }: Lease): HeldRow {
  const dot = token.indexOf(".");
  const leaseNumber = Number(token.slice(0, dot));
  const seq = Number(token.slice(dot + 1));
  const isOurs = dot > 0 && Number.isSafeInteger(leaseNumber) && Number.isSafeInteger(seq);
  return isOurs ? { seq, id, leaseNumber } : { seq: -1, id, leaseNumber: -1 };
}
