export const KEY = "bench-platform-key-0123456789-0123456789";
export const SHOP = "suns-shop.genmystore.com";
export const CLIENT_SECRET = "bench-client-secret-0123456789";
export const SIGNING_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw9ZIo2LaLaSw=";
