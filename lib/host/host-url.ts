/** The host's class at load: the class of a DOM that is put on the global scope later may lack members that are used here. */
export const HostURL: typeof URL = globalThis.URL
