/** Name of the notation of a signature that has the path of its archive, `alan/src/zlib/2024-02-01`. */
export const PATH_NOTATION = 'archive@igos';
