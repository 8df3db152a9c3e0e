/** What each measured number is: asked for once, when a page first needs it. */

import type { MeasureInfo } from '../gen/Measures';

const RETRY = 3_000;

class Catalogue {
  /** In the server's order; nothing until it has answered. */
  items = $state.raw<readonly MeasureInfo[] | undefined>();
  #asked = false;

  ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    void this.#fetch();
  }

  async #fetch(): Promise<void> {
    try {
      const answer = await fetch('/api/v1/measures', { signal: AbortSignal.timeout(5_000) });
      if (!answer.ok) throw new Error(String(answer.status));
      this.items = ((await answer.json()) as { items: MeasureInfo[] }).items;
    } catch {
      // The banner says that the server is away; it is asked until it answers.
      setTimeout(() => void this.#fetch(), RETRY);
    }
  }
}

export const catalogue = new Catalogue();
