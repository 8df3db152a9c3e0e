/** The chosen symbol's chain as the page shows it: range, age, what is the matter. */

import { live } from './live.svelte';
import { CHAIN_LIMIT_S, bucketOf, expiryOf, known, spokeAt } from './options';
import { page } from './page.svelte';

class Chain {
  view = $derived(known(live.options));
  bucket = $derived(this.view === undefined ? undefined : bucketOf(this.view, page.bucket));
  /** The expiry that key figures of a range are about. */
  expiry = $derived(this.view === undefined || this.bucket === undefined ? undefined : expiryOf(this.view, this.bucket.bucket));
  /** Delta is by open interest whatever is asked. */
  weight = $derived(page.greek === 'delta' ? 'oi' : page.weight);
  /** Seconds since a source last spoke of it. Single quotes that are older are counted among the stale rows. */
  age = $derived(this.view === undefined ? undefined : live.since(spokeAt(this.view)));
  /** Outside the session nothing comes, and nothing is expected. */
  stale = $derived(live.status?.session?.phase === 'open' && this.age !== undefined && this.age > CHAIN_LIMIT_S);
}

export const chain = new Chain();
