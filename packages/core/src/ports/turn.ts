/**
 * Which way a page of a list goes from a place in it: the entries right behind `after`, or the ones right before `before`; null is the
 * list's beginning or its end. Either way a page comes in the list's own order.
 */
export type Turn<Cursor> = { readonly after: Cursor | null } | { readonly before: Cursor | null };
