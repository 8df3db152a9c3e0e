/** Lines out of the trails of the server. Pure. */

import type { PointView } from '../gen/Measures';
import { millis } from './format';
import type { Point } from './plot';

/** The known values of one measure, in the order of time. */
export function seriesOf(rows: Readonly<Record<string, PointView>> | undefined, key: string): Point[] {
  return Object.keys(rows ?? {})
    .sort()
    .flatMap((name) => {
      const row = rows?.[name];
      const [t, v] = [millis(row?.at), row?.values[key]];
      return t === undefined || v === undefined ? [] : [{ t, v }];
    });
}
