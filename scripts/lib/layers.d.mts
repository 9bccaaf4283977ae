export interface LayerReport {
  readonly sources: number;
  readonly cruised: number;
  readonly edges: number;
  readonly violations: readonly { readonly rule: string; readonly from: string; readonly to: string }[];
}
export function checkLayers(options?: { folder?: string; baseDir?: string }): Promise<LayerReport>;
