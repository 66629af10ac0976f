// The default theme without its fonts: the reader's own are good enough, and nothing is loaded for them.
import theme from "vitepress/theme-without-fonts";
import "./genhook.css";

export default theme;
