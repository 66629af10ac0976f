/** The methods of the two APIs. */
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
