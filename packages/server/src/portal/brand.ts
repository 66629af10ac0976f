import { readFileSync, statSync } from "node:fs";
import type { PortalBrand } from "@genhook/contract";
import type { Reply } from "../http/call.ts";
import { SettingFileError } from "../settings/setting-file.ts";
import { brandStyles } from "./brand-styles.ts";
import type { PortalRoute } from "./portal.ts";

/** How the portal looks to everybody who comes in: name, colour and logo of the operator's settings. */
export interface Brand {
  readonly view: PortalBrand;
  routes(): readonly PortalRoute[];
}

export interface BrandSettings {
  readonly portalName: string;
  /** `#` and six hex digits. */
  readonly portalColor: string | null;
  /** Path of a file. */
  readonly portalLogo: string | null;
}

/** A logo is shown a few centimetres wide; what is larger is a photograph. */
const LOGO_BYTES_MAX = 65_536;
const LOGO_PATH = "/portal/logo";
const STYLES_PATH = "/portal/brand.css";

interface Logo {
  readonly type: string;
  readonly content: Buffer;
}

/** Reads what the settings say, once, at the start. Throws `SettingFileError` for a logo that cannot be used. */
export function readBrand({ portalName, portalColor, portalLogo }: BrandSettings): Brand {
  const logo = portalLogo === null ? null : readLogo(portalLogo);
  const styles = portalColor === null ? "" : brandStyles(portalColor);
  // Also where there is nothing to say: the page asks for it.
  const routes: PortalRoute[] = [{ method: "GET", path: STYLES_PATH, handle: () => fileOf("text/css; charset=utf-8", styles) }];
  if (logo !== null) routes.push({ method: "GET", path: LOGO_PATH, handle: () => fileOf(logo.type, logo.content) });
  return { view: { name: portalName, logo: logo === null ? null : LOGO_PATH }, routes: () => routes };
}

function fileOf(type: string, content: string | Buffer): Promise<Reply> {
  const headers = {
    "Cache-Control": "no-cache",
    // An SVG is a document: opened by itself it must be as dead as in the page.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
  };
  return Promise.resolve({ headers, text: { type, content } });
}

function readLogo(path: string): Logo {
  const refuse = (why: string): never => {
    throw new SettingFileError(`The file ${path} of --portal-logo ${why}.`);
  };
  let content: Buffer;
  try {
    if (statSync(path).size > LOGO_BYTES_MAX) return refuse(`is larger than ${LOGO_BYTES_MAX / 1_024} KiB`);
    content = readFileSync(path);
  } catch (error) {
    if (error instanceof SettingFileError) throw error;
    return refuse(`cannot be read (${error instanceof Error && "code" in error ? String(error.code) : String(error)})`);
  }
  const type = logoType(content);
  return type === null ? refuse("is no PNG, JPEG, WebP or SVG image") : { type, content };
}

/** By what the file begins with; its name says nothing. */
function logoType(content: Buffer): string | null {
  if (content.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))) return "image/png";
  if (content.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return "image/jpeg";
  if (content.subarray(0, 4).toString("latin1") === "RIFF" && content.subarray(8, 12).toString("latin1") === "WEBP") return "image/webp";
  const text = content.toString("utf8").trimStart();
  return /^(<\?xml[^>]*\?>\s*)?(<!--[\s\S]*?-->\s*)*<svg[\s>]/.test(text) ? "image/svg+xml" : null;
}
