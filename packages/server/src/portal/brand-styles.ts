/** Red, green, blue: 0 to 255. */
type Color = readonly [number, number, number];

const WHITE: Color = [255, 255, 255];
const BLACK: Color = [0, 0, 0];
/** Grounds that text stands on, as the portal's styles have them. */
const LIGHT_GROUND: Color = [246, 247, 249];
const DARK_GROUND: Color = [34, 37, 44];
/** WCAG AA for text, with something to spare for what rounding takes. */
const CONTRAST_MIN = 4.6;

/**
 * The portal's accents for an operator's colour: `#` and six hex digits. Whatever the colour, text stays readable: it is darkened under white
 * text and on light grounds, lightened on dark ones, only as far as contrast asks for. The selector is one step stronger than that of the
 * portal's own styles, because nobody promises which of two files a page applies last. Plots and states keep their colours: those mean something.
 */
export function brandStyles(text: string): string {
  const color = parse(text);
  const filled = until(color, BLACK, (each) => contrast(each, WHITE) >= CONTRAST_MIN);
  const onLight = until(filled, BLACK, (each) => contrast(each, LIGHT_GROUND) >= CONTRAST_MIN);
  const tint = mix(color, WHITE, 0.92);
  const onDark = until(color, WHITE, (each) => contrast(each, DARK_GROUND) >= CONTRAST_MIN);
  const shade = mix(color, DARK_GROUND, 0.82);
  const light = {
    ...accents(filled, tint, mix(color, WHITE, 0.86), textOn(filled, tint)),
    "--mantine-color-anchor": onLight,
  };
  const dark = {
    ...accents(filled, shade, mix(color, DARK_GROUND, 0.74), textOn(onDark, shade)),
    "--mantine-color-anchor": onDark,
  };
  return rule("light", light) + rule("dark", dark);
}

function accents(filled: Color, light: Color, lightHover: Color, onLight: Color): Record<string, Color> {
  const variables: Record<string, Color> = {};
  for (const prefix of ["--mantine-primary-color", "--mantine-color-indigo"]) {
    variables[`${prefix}-filled`] = filled;
    variables[`${prefix}-filled-hover`] = mix(filled, BLACK, 0.15);
    variables[`${prefix}-light`] = light;
    variables[`${prefix}-light-hover`] = lightHover;
    variables[`${prefix}-light-color`] = onLight;
  }
  return variables;
}

function rule(scheme: string, variables: Readonly<Record<string, Color>>): string {
  const lines = Object.entries(variables).map(([name, [red, green, blue]]) => `  ${name}: rgb(${red}, ${green}, ${blue});\n`);
  return `:root:root[data-mantine-color-scheme="${scheme}"] {\n${lines.join("")}}\n`;
}

/** The text's colour on a ground: towards black on a light one, towards white on a dark one. */
function textOn(color: Color, ground: Color): Color {
  const towards = luminance(ground) > 0.5 ? BLACK : WHITE;
  return until(color, towards, (each) => contrast(each, ground) >= CONTRAST_MIN);
}

/** The first of the colours between the two, in fiftieths, that will do. */
function until(color: Color, towards: Color, isEnough: (color: Color) => boolean): Color {
  for (let step = 0; step <= 50; step += 1) {
    const each = mix(color, towards, step / 50);
    if (isEnough(each)) return each;
  }
  return towards;
}

function mix(a: Color, b: Color, share: number): Color {
  const at = (index: 0 | 1 | 2): number => Math.round(a[index] + (b[index] - a[index]) * share);
  return [at(0), at(1), at(2)];
}

/** Contrast ratio as WCAG 2.2 defines it: 1 to 21. */
export function contrast(a: Color, b: Color): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(color: Color): number {
  const [red, green, blue] = color.map((each) => {
    const share = each / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function parse(text: string): Color {
  const at = (index: number): number => Number.parseInt(text.slice(index, index + 2), 16);
  return [at(1), at(3), at(5)];
}
