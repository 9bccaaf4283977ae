/** For changes of rows: only some files are read, and each row tells its file and its place there. */
export const FILES_OPTION = 'sparrow.delta.files';
export const PLACES_OPTION = 'sparrow.delta.places';
export const FILE_COLUMN = '__delta_file';
export const ROW_COLUMN = '__delta_row';
