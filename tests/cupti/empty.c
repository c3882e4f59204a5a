int varve_empty;
