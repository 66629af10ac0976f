import { createTheme, Drawer, Modal, Tooltip } from "@mantine/core";

/** The variables that follow from it stand in `styles/variables.css`: nothing is written into the page at run time, so that its policy can be strict. */
export const theme = createTheme({
  primaryColor: "indigo",
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    // Locking the page's scroll needs a style element made at run time.
    Modal: Modal.extend({ defaultProps: { lockScroll: false, centered: true, radius: "md" } }),
    Drawer: Drawer.extend({ defaultProps: { lockScroll: false } }),
    Tooltip: Tooltip.extend({ defaultProps: { withArrow: true, openDelay: 200 } }),
  },
});
