/** Line drawings on a grid of 24, in the colour of the text beside them. */
const PATHS = {
  overview: "M4 20V10M10 20V4M16 20v-7M22 20H2",
  deliveries: "M3 12h13M11 6l6 6-6 6M21 5v14",
  replays: "M20 11a8 8 0 1 0-2 6M20 4v7h-7",
  webhooks: "M9 15l6-6M8 11l-3 3a4 4 0 0 0 6 6l2-2M16 13l3-3a4 4 0 0 0-6-6l-2 2",
  endpoints: "M4 5h16v6H4zM4 13h16v6H4zM7.5 8h.01M7.5 16h.01",
  holds: "M8 5v14M16 5v14",
  topics: "M4 6h16M4 12h10M4 18h13",
  apps: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h6v6h-6z",
  shops: "M4 9l1.5-5h13L20 9M4 9v11h16V9M4 9h16M10 20v-6h4v6",
  installations: "M12 3v11M7 10l5 5 5-5M4 20h16",
  keys: "M14.5 9.5a4.5 4.5 0 1 1-3-4.2 4.5 4.5 0 0 1 3 4.2zM13 13l8 8M18 18l2-2",
  links: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  secrets: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3M12 15v2",
  audit: "M6 3h9l4 4v14H6zM9 12h7M9 16h7M9 8h3",
  "blocked-keys": "M5 11h14v9H5zM8.5 11V7a3.5 3.5 0 0 1 7 0v4M9 15.5h6",
  chevron: "M6 9l6 6 6-6",
} as const;

export function Icon({ name, size = 17 }: { readonly name: keyof typeof PATHS; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
