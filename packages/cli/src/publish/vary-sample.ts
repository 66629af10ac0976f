import { seeded } from "./seeded.ts";

/** What of a payload comes from where it is published, not from chance. */
export interface SamplePlace {
  readonly shopDomain: string;
  readonly shopId: string | null;
  readonly clientId: string | null;
  /** When it happens, wall ms. */
  readonly at: number;
}

export type Payload = Readonly<Record<string, unknown>>;

const PEOPLE: readonly (readonly [first: string, last: string])[] = [
  ["Amina", "Okafor"],
  ["Lena", "Vogel"],
  ["Kenji", "Mori"],
  ["Sofia", "Castillo"],
  ["Noah", "Lindqvist"],
  ["Priya", "Nair"],
  ["Mateo", "Rossi"],
  ["Hannah", "Clarke"],
  ["Yusuf", "Demir"],
  ["Chloé", "Martin"],
];
const TITLES: readonly string[] = [
  "Linen shirt",
  "Wool scarf",
  "Canvas bag",
  "Oak stool",
  "Clay mug",
  "Rain jacket",
  "Cork mat",
  "Reading lamp",
];
const CITIES: readonly string[] = ["Lisbon", "Osaka", "Leipzig", "Toronto", "Nairobi", "Lyon", "Austin", "Gdańsk"];
const NOTES: readonly string[] = ["Please ring twice", "Leave it at the door", "A present: no invoice, please", "Call before you come"];
const MONEY_FACTOR_MAX = 6;

const ID = /^[1-9]\d{8,18}$/;
const MONEY = /^\d+\.\d{2}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})$/;

/**
 * A payload like the topic's sample, but of another order, customer, product: ids that belong together stay together, amounts add up, times
 * keep their distance and end now. The same seed and number give the same payload but for its times; seed 0 gives the sample as it is.
 */
export function varySample(sample: Payload, seed: number, number: number, place: SamplePlace): Payload {
  if (seed === 0) return sample;
  const random = seeded(Math.imul(seed, 0x9e3779b1) + number);
  const variation = new Variation(random, place, newestTime(sample));
  return variation.of(sample, "") as Payload;
}

class Variation {
  readonly #random: () => number;
  readonly #shiftMs: number;
  readonly #ids = new Map<string, string>();
  /** Members that are drawn once and then stay the same within the payload. */
  readonly #drawn: Readonly<Record<string, string>>;
  readonly #titles = new Map<string, string>();
  /** A whole number, so that amounts that added up still do. */
  readonly #moneyFactor: number;

  constructor(random: () => number, place: SamplePlace, newestMs: number | null) {
    this.#random = random;
    this.#shiftMs = newestMs === null ? 0 : place.at - newestMs;
    const [firstName, lastName] = this.#pick(PEOPLE);
    const plain = `${firstName}.${lastName}`.normalize("NFD").replaceAll(/[^A-Za-z.]/g, "");
    this.#moneyFactor = 1 + Math.floor(random() * MONEY_FACTOR_MAX);
    this.#drawn = {
      firstName,
      lastName,
      email: `${plain.toLowerCase()}@example.com`,
      phone: `+1555${this.#digits(7)}`,
      city: this.#pick(CITIES),
      note: this.#pick(NOTES),
      shopDomain: place.shopDomain,
      domain: place.shopDomain,
      ...(place.shopId === null ? {} : { shopId: place.shopId }),
      ...(place.clientId === null ? {} : { clientId: place.clientId }),
    };
  }

  of(value: unknown, member: string): unknown {
    if (typeof value === "string") return this.#text(value, member);
    if (Array.isArray(value)) return value.map((each) => this.of(each, member));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.of(each, name)]));
  }

  #text(text: string, member: string): string {
    const drawn = this.#drawn[member];
    if (drawn !== undefined && text !== "") return drawn;
    if (ID.test(text)) return this.#mapped(this.#ids, text, () => text.slice(0, 3) + this.#digits(text.length - 3));
    if (MONEY.test(text)) return (Number(text) * this.#moneyFactor).toFixed(2);
    if (TIME.test(text)) return this.#shifted(text);
    if (member === "title" && TITLES.some((title) => text.startsWith(title)))
      return this.#mapped(this.#titles, text, () => this.#pick(TITLES));
    return text;
  }

  #shifted(text: string): string {
    return `${new Date(Date.parse(text) + this.#shiftMs).toISOString().slice(0, 19)}Z`;
  }

  #mapped(known: Map<string, string>, text: string, make: () => string): string {
    let mapped = known.get(text);
    if (mapped === undefined) known.set(text, (mapped = make()));
    return mapped;
  }

  #digits(length: number): string {
    return Array.from({ length }, () => Math.floor(this.#random() * 10)).join("");
  }

  #pick<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.#random() * values.length)] as Value;
  }
}

function newestTime(value: unknown): number | null {
  if (typeof value === "string") return TIME.test(value) ? Date.parse(value) : null;
  if (typeof value !== "object" || value === null) return null;
  const times = Object.values(value)
    .map(newestTime)
    .filter((each) => each !== null);
  return times.length === 0 ? null : Math.max(...times);
}
