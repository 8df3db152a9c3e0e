/** A canvas that fits its place and its screen. */

/**
 * Draws now, when the place changes size, and whenever the returned function is called.
 * `draw` gets a context in CSS pixels.
 */
export function fitted(
  canvas: HTMLCanvasElement,
  draw: (context: CanvasRenderingContext2D, width: number, height: number) => void,
): { redraw(): void; destroy(): void } {
  const redraw = () => {
    const { clientWidth: width, clientHeight: height } = canvas;
    const context = canvas.getContext('2d');
    if (context === null || width === 0 || height === 0) return;
    const ratio = window.devicePixelRatio;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w) canvas.width = w;
    if (canvas.height !== h) canvas.height = h;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    draw(context, width, height);
  };
  const observer = new ResizeObserver(redraw);
  observer.observe(canvas);
  return { redraw, destroy: () => observer.disconnect() };
}

/** Begins a path along points; nothing is drawn yet. */
export function path(c: CanvasRenderingContext2D, points: readonly (readonly number[])[]): void {
  c.beginPath();
  points.forEach(([x = 0, y = 0], n) => (n === 0 ? c.moveTo(x, y) : c.lineTo(x, y)));
}

/** Draws a line along points. */
export function stroke(c: CanvasRenderingContext2D, points: readonly (readonly number[])[]): void {
  path(c, points);
  c.stroke();
}

export const CHART_FONT = "10.5px 'Inter Variable', system-ui, sans-serif";
