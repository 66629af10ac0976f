import { useContext, useEffect } from "react";
import { words } from "../words.ts";
import { BrandMark } from "./brand-mark.tsx";
import { PortalContext } from "./session-context.ts";

/** What stands where a link's pages were, or would be: it opens once, and what it opened ends with the page. */
export function LinkEnded() {
  const { ways, brand } = useContext(PortalContext);
  useEffect(() => {
    document.title = `${words.link.ended} · ${brand.name}`;
  }, [brand.name]);
  return (
    <main className="sign-in">
      <div className="panel" role="status">
        <BrandMark />
        <h1>{words.link.ended}</h1>
        <p>{words.link.endedLead}</p>
        <p className="quiet">{words.link.askAgain}</p>
        {ways.includes("app") ? (
          <p>
            {/* Not inside a frame: the cookie of a session is not for pages in somebody else's. */}
            <a href="/" target="_blank" rel="noopener">
              {words.link.signInInstead}
            </a>
          </p>
        ) : null}
      </div>
    </main>
  );
}
