/** The address of a repository for people to read: without what may be a password. JSON keeps addresses as they are known. */
export const shownAddress = (address: string): string => address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1');
