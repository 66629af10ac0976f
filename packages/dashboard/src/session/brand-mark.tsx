import { useContext } from "react";
import icon from "../icon.svg";
import { PortalContext } from "./session-context.ts";

/** The operator's logo, or the product's own. The name stands beside it, so it says nothing by itself. */
export function BrandMark() {
  const { brand } = useContext(PortalContext);
  return <img className="brand-mark" src={brand.logo ?? icon} alt="" />;
}
