/** Measured numbers in words: unit, certainty, age. Pure. */

import type { FeaturesView } from '../gen/Market';
import type { MeasureInfo, MeasureView } from '../gen/Measures';
import { UNKNOWN, number, signed } from './format';

/** What a measure's inputs come from. */
export type Feed = 'trades' | 'quotes' | 'depth';

/** Past this age a feed's numbers are grey, seconds of the market's time. */
export const LIMITS: Readonly<Record<Feed, number>> = { trades: 30, quotes: 5, depth: 5 };

const OF_QUOTES = /^(flow\.ofi|impact\.quoted|liquidity\.|volatility\.|regime\.|structure\.)/;
const OF_DEPTH = /^(flow\.ofi_levels|flow\.ofi_integrated|liquidity\.imbalance_(5|weighted)|hidden\.)/;
const OF_BARS = /^(volatility\.(parkinson|garman_klass|rogers_satchell|yang_zhang)|structure\.sign_autocorrelation)/;

export function feedOf(key: string): Feed {
  if (OF_DEPTH.test(key)) return 'depth';
  return OF_QUOTES.test(key) && !OF_BARS.test(key) ? 'quotes' : 'trades';
}

/** When a feed last spoke. */
export function spokeAt(feed: Feed, features: FeaturesView | undefined): string | null | undefined {
  if (features === undefined) return undefined;
  return { trades: features.trade_at, quotes: features.quote_at, depth: features.depth_at }[feed];
}

const DECIMALS: Readonly<Record<string, number>> = {
  shares: 0,
  fraction: 2,
  ratio: 2,
  bp: 2,
  'bp/100k$': 3,
  '1': 2,
  '1/M$': 4,
  sd: 1,
  ticks: 2,
  $: 3,
  min: 1,
  '1/s': 2,
};

/** With the decimals of its unit; volatilities in percent. Numbers that can have both signs show them. */
export function valueText(value: number | null | undefined, info: Pick<MeasureInfo, 'unit' | 'range'>): string {
  if (value === null || value === undefined) return UNKNOWN;
  if (info.unit === '1/√year') return `${number(value * 100, 1)} %`;
  const decimals = DECIMALS[info.unit] ?? 3;
  const both = info.range === 'any' || info.range.startsWith('-');
  return both ? signed(value, decimals) : number(value, decimals);
}

/** The unit as it stands beside a name; nothing where the number says it itself. */
export function unitText(unit: string): string {
  const words: Readonly<Record<string, string>> = { fraction: '', ratio: '', '1': '', '1/√year': 'a year', '1/s': 'a second', sd: 'σ', min: 'min' };
  return words[unit] ?? unit;
}

const NAMES: Readonly<Record<string, string>> = {
  'toxicity.vpin': 'VPIN',
  'toxicity.cdf': 'VPIN, CDF',
  'toxicity.null_ratio': 'VPIN over null',
  'toxicity.bulk': 'VPIN, bulk',
  'toxicity.bulk_cdf': 'bulk, CDF',
  'toxicity.bulk_null_ratio': 'bulk over null',
  'toxicity.open_bucket': 'open bucket filled',
  'flow.ofi': 'OFI, 10 s',
  'flow.ofi_normalised': 'OFI over depth',
  'flow.ofi_decayed': 'OFI, decayed',
  'flow.ofi_levels': 'OFI, all levels',
  'flow.ofi_integrated': 'OFI, integrated',
  'flow.signed_volume': 'signed volume 1 m',
  'flow.buy_share': 'bought share 1 m',
  'flow.buy_intensity': 'buys expected',
  'flow.sell_intensity': 'sells expected',
  'flow.buy_probability': 'next order buys',
  'flow.branching': 'branching (Hawkes)',
  'impact.quoted_spread_bp': 'quoted spread',
  'impact.effective_spread_bp': 'effective spread',
  'impact.realised_spread_bp': 'realised spread',
  'impact.price_impact_bp': 'price impact',
  'impact.kyle_lambda': 'Kyle λ',
  'impact.kyle_t': 'Kyle t',
  'impact.amihud': 'Amihud',
  'impact.roll_bp': 'Roll spread',
  'liquidity.imbalance_touch': 'imbalance, touch',
  'liquidity.imbalance_5': 'imbalance, 5 levels',
  'liquidity.imbalance_weighted': 'imbalance, weighted',
  'liquidity.imbalance_z': 'imbalance z, 1 h',
  'liquidity.weighted_mid': 'weighted mid',
  'liquidity.micro_price': 'micro-price',
  'liquidity.micro_adjustment': 'micro adjustment',
  'liquidity.touch_depth': 'depth at touch, 10 s',
  'hidden.share': 'hidden share',
  'hidden.refill_rate': 'refills after trades',
  'hidden.control_rate': 'after cancels',
  'sweeps.p_value': 'last sweep, p',
  'volatility.med_rv': 'median (MedRV)',
  'volatility.min_rv': 'minimum (MinRV)',
  'volatility.jump_share': 'jump share',
  'volatility.jump_z': 'jump z',
  'volatility.signature_ratio': 'signature ratio',
  'volatility.ewma': 'EWMA',
  'volatility.garch': 'GARCH(1,1)',
  'volatility.garman_klass': 'Garman-Klass',
  'volatility.rogers_satchell': 'Rogers-Satchell',
  'volatility.yang_zhang': 'Yang-Zhang',
  'volatility.parkinson': 'Parkinson',
  'regime.percentile': 'variance percentile',
  'regime.probability_0': 'P calmest state',
  'regime.probability_1': 'P second state',
  'regime.probability_2': 'P third state',
  'regime.probability_3': 'P wildest of four',
  'structure.autocorrelation': 'autocorrelation',
  'structure.portmanteau': 'Ljung-Box / bound',
  'structure.variance_ratio': 'variance ratio',
  'structure.variance_ratio_z': 'variance ratio z',
  'structure.sign_autocorrelation': 'sign autocorrelation',
  'structure.half_life': 'half-life',
  'session.vwap_deviation': 'VWAP deviation',
  'session.vwap_z': 'distance from VWAP',
  'session.volume_ratio': 'minute over usual',
  'session.volume_z': 'minute volume z',
};

/** In a few words; a name nobody wrote down reads as the server calls it. */
export function nameOf(info: Pick<MeasureInfo, 'key' | 'name'>): string {
  return NAMES[info.key] ?? info.name.replaceAll('_', ' ');
}

export const GROUPS: Readonly<Record<string, string>> = {
  toxicity: 'Toxicity',
  flow: 'Order flow',
  impact: 'Cost and impact',
  liquidity: 'Book',
  hidden: 'Hidden orders',
  sweeps: 'Sweeps',
  volatility: 'Volatility',
  regime: 'Regime',
  structure: 'Temporal structure',
  session: 'Session',
};

const FLAGS: Readonly<Record<string, string>> = {
  stale_quote: 'stale quote',
  crossed: 'crossed quote',
  locked: 'locked quote',
  out_of_seq: 'out of sequence',
  auction: 'auction inside',
  halt_resume: 'after a halt',
  snapshot_feed: 'snapshot feed',
  backfill: 'read back',
  side_unknown: 'sides unknown',
  gap: 'gap inside',
  capped: 'capped',
};

/** What was wrong with the inputs, in words. */
export function flagsText(quality: readonly string[]): string {
  return quality.map((flag) => FLAGS[flag] ?? flag.replaceAll('_', ' ')).join(', ');
}

/** Why a number is absent, or what it rests on. */
export function basis(measure: MeasureView | undefined): string {
  if (measure === undefined) return 'not measured';
  const seen = `${number(measure.n_obs)} obs`;
  const flags = flagsText(measure.quality);
  const state = measure.value === null ? `not ready, ${seen}` : seen;
  return flags === '' ? state : `${state}, ${flags}`;
}
