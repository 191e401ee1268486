import { ratioByRound, type Spread, spread } from "./statistics.ts";

/** What one measure of one subject came to, round by round. */
export interface Series {
  readonly subject: string;
  readonly measure: string;
  readonly unit: string;
  readonly values: readonly number[];
}

/** Everything measured so far. */
export class Results {
  readonly #series = new Map<string, { subject: string; measure: string; unit: string; values: number[] }>();

  add(subject: string, measure: { readonly id: string; readonly unit: string }, value: number): void {
    const key = `${measure.id} ${subject}`;
    const series = this.#series.get(key) ?? { subject, measure: measure.id, unit: measure.unit, values: [] };
    series.values.push(value);
    this.#series.set(key, series);
  }

  get all(): readonly Series[] {
    return [...this.#series.values()];
  }

  /** One measure of one subject by rounds; empty when it was not measured. */
  values(subject: string, measure: string): readonly number[] {
    return this.#series.get(`${measure} ${subject}`)?.values ?? [];
  }

  /** One measure of one subject; undefined when it was not measured. */
  spread(subject: string, measure: string): Spread | undefined {
    const values = this.values(subject, measure);
    return values.length === 0 ? undefined : spread(values);
  }

  /** A measure of a subject as multiples of another subject's, by rounds. */
  ratios(subject: string, base: string, measure: string): readonly number[] {
    return ratioByRound(this.values(subject, measure), this.values(base, measure));
  }

  /** A measure of a subject as multiples of another measure of it; undefined when one is missing. */
  ratioOfMeasures(subject: string, over: string, under: string): Spread | undefined {
    const ratios = ratioByRound(this.values(subject, over), this.values(subject, under));
    return ratios.length === 0 ? undefined : spread(ratios);
  }
}
