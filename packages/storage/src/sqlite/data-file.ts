/** The data file's name in its folder. */
export const DATA_FILE = "genhook.db";
